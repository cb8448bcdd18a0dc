"""The rounds of a run: which come one after another, and what they say together.

A round is one pass of warm-up, measured stream and drain on workers that stay prepared, with a stream and a verdict of
its own. Pure: plans and reports in, rounds and a report out.
"""

from inferometer_loadgen.rounds.choice import first_round, keeps_answers, may_keep_answers, programme_of
from inferometer_loadgen.rounds.programme import Programme, Round
from inferometer_loadgen.rounds.together import together

__all__ = ["Programme", "Round", "first_round", "keeps_answers", "may_keep_answers", "programme_of", "together"]
