"""Arguments as users give them, checked where they come in.

One policy for the whole package. A wrong argument raises
:class:`~splineviz.errors.InvalidArgument`, or one of the errors derived from it that says more; the
message names the argument, shows what was given and says what would work. A function named
``as_...`` returns the value in the type that the code behind it needs, ``check_...`` returns
nothing.
"""
