"""The gallery: an index of all outputs and inputs, its thumbnails and its trash."""
