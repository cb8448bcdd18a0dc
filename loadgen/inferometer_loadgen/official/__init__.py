"""MLPerf's official LoadGen as the engine of a load: it says when which sample is asked, and the worker asks.

LoadGen lives in a process of its own beside the worker (`child`), one for each round: bad settings and exceptions in
its callbacks abort the process that it is in, and beside a busy Python thread it waits for the interpreter's lock. It
hands queries over by one pipe and is told of answers by another (`feed`). Nothing is imported here, for the child's
sake.
"""
