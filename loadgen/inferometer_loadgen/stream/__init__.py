"""Which sample is sent when: fixed by the plan's seeds before the first byte leaves."""
