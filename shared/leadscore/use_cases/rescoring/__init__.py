"""The one writer path, for one lead: what `rescore` does, part by part.

work        what a batch asks of a lead, and what came of it
leads       which lead it is by now, and whose a home is
intake      events into the log, each once
folding     the next state: by a step, or by a full fold
committing  that state written, if nobody else wrote, and under the model in force
merging     an anonymous lead becomes part of a person's
obeying     what somebody ruled on who is who
"""
