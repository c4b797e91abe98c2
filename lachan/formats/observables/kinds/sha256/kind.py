from lachan.formats.observables.kinds.digest import Digest


class Sha256(Digest):
    name = "sha256"
    order = 13
    length = 64
    code = 10
    narrow = 103
    print_name = "sha ?(?:2 )?256"
    misp = "sha256"
