"""From a user's own copy of a data set to a sample library: found, prepared as the reference does, written as it goes.

Nothing is imported here: pictures need Pillow, which only `inferometer import` does.
"""
