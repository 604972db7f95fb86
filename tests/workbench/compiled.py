"""Keep compiled templates, because each test loads its own copy of the same files."""

from jinja2 import BytecodeCache


class Compiled(BytecodeCache):
    """The compiled templates of an app, for its next copy in the same place."""

    def __init__(self):
        """Know none yet."""
        self.code = {}

    def load_bytecode(self, bucket):
        """Fill in the code of a template whose file and text are known."""
        bucket.code = self.code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket):
        """Keep the code of a template."""
        self.code[bucket.key, bucket.checksum] = bucket.code
