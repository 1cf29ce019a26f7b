"""The connection that migrations run on, the lock that one run holds, and how it waits for locks of others."""
