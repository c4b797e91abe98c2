import resource

import pytest

from lachan.kernel.ids import uuid7
from lachan.matching.between.spool import SightingCount, spool_list, spool_read, spool_write


def test_it_leaves_nothing_where_the_disk_is_full(tmp_path):
    met = [SightingCount(uuid7(), 3600, 1, 2)] * 200
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="large"):
            spool_write(tmp_path, met)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "sightings").iterdir()) == []
    spool_write(tmp_path, met)
    (path,) = spool_list(tmp_path)
    assert spool_read(path).met == met
