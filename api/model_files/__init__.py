"""The list of model files: what they are, notes, pictures beside them."""
