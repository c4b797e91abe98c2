from lachan.formats.observables.kinds.digest import Digest


class Md5(Digest):
    name = "md5"
    order = 10
    length = 32
    code = 8
    narrow = 101
    print_name = "md ?5"
    misp = "md5 malware-sample"
