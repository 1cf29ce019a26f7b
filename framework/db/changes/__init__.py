"""What transactions change: seen on the engine, widened by what the database changes along, told after the commit."""
