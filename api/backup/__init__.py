"""The user's folder as one file, and back again: `server.py backup FILE`, `server.py restore FILE`."""
