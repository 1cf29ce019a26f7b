"""What a database says of its migrations: which it has, and how far one has come that broke off."""
