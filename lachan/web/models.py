from django.db import models


class SentForm(models.Model):
    """A form that was taken, with the answer that it got, for whoever sends it again.

    `mark` covers the form's number, its sender and its fields; `sealed`, the answer, opens with the number
    alone, which is not kept.
    """

    mark = models.BinaryField(max_length=32, unique=True)
    sealed = models.BinaryField()
    # By the hour: some of these forms are the public's.
    taken_hour = models.DateTimeField(db_index=True)
