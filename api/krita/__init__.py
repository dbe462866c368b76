"""What Krita's plugin for AI images asks a server for, beside the routes of every client: pictures by id, what model
files are, LoRAs that it brings, and graphs that are shared with it."""
