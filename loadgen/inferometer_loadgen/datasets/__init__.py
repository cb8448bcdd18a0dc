"""What a sample looks like on the wire: sample libraries, the model's own words about its inputs, request bodies.

Nothing is imported here: `bodies` needs tritonclient, which the operator's image and the quick commands do without.
"""
