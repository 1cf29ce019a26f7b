"""An app that brings templates of mails."""
