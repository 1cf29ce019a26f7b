from framework.db import Field, Model


class Entry(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=50)
    amount: int
