"""What the operator shows to Prometheus: the runs and schedules that exist, and how it is doing itself.

`runs`, `schedules`: objects in, metric families out; pure. `instruments`: what the operator counts of its own work.
`page`: both as one page. `serving`: the page on a port.

The page holds what exists now: the series of a run that is deleted end with it. What could not be read is absent and
never 0; counters are there from 0 at the start.
"""
