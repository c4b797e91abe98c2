from lachan.formats.observables.kinds.digest import Digest


class Sha1(Digest):
    name = "sha1"
    order = 11
    length = 40
    code = 9
    narrow = 102
    print_name = "sha ?1"
    misp = "sha1"
