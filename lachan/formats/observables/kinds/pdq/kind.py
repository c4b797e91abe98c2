from lachan.formats.observables.kinds.digest import Digest


class Pdq(Digest):
    """Perceptual fingerprint of a picture, 256 bits (Meta's PDQ paper, 2019).

    Nothing tells its 64 digits from a SHA-256: it is guessed only where `pdq:` stands before it.
    """

    name = "pdq"
    order = 12
    length = 64
    code = 11
    narrow = 104
    print_name = "pdq"

    def recognise(self, text: str) -> bool:
        return text[:4].lower() == "pdq:"
