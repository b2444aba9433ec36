"""What the model card reports, measured: telling apart, answering, fluency, and shifting verdicts by steering."""
