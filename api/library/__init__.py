"""Saved graphs: folders, tags, favourites, trash."""
