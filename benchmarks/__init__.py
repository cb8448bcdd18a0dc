"""How fast we are beside our peers, on one machine, in one sitting, and what this does not show."""
