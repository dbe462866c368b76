"""Node packs: what users put in `custom_nodes/`, found, imported and added to a registry, each apart from the rest."""
