"""What the operator costs while nothing happens: a fleet of ended runs, and schedules that wait for their slots."""
