"""Node packs as the control process sees them: approved, guarded, told of; nothing of them is imported here."""
