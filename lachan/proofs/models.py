from django.db import models


class Tally(models.Model):
    """How many proved rows there are, of which kinds, and the sum of their proofs: one row for all.

    One, so that two transactions never wait for each other's tallies crosswise. `changes` only grows: whoever
    puts yesterday's tables back is told by the note outside the database.
    """

    counts = models.JSONField(default=dict)
    total = models.BinaryField(max_length=32)
    changes = models.PositiveBigIntegerField(default=0)
    proof = models.BinaryField(max_length=21)


class ChainHead(models.Model):
    """Where a chain of hashes stands, proved: its end cannot be cut off, nor all of it written anew."""

    name = models.CharField(max_length=20, primary_key=True)
    seq = models.PositiveBigIntegerField()
    hash = models.BinaryField(max_length=32)
    proof = models.BinaryField(max_length=21)
