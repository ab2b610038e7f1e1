"""What goes wrong on the way to a router."""


class Trouble(Exception):
    """A sentence for the user that says what is wrong and what to do."""
