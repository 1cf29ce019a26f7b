"""How things are written in a revision file: values, types, tables, operations, and the layout of lines."""
