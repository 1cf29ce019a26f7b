"""An app with policies: stories that their authors may change, and notes without a policy."""
