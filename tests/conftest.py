"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# A machine that others share is slow at times: how long an example takes says nothing about the code.
settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
