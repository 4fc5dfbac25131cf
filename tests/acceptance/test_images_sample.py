"""The sample shop's images: what a newcomer sees of CR-001 and CR-006."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from image_lists import ENQUEUE, PROCESS, ImageShop
from private_shop import CHECKOUT


def test_a_newcomer_queues_the_sample_list_and_sees_its_images(tmp_path: Path) -> None:
    shop = ImageShop(tmp_path / "shop")
    shutil.copytree(CHECKOUT / "ops" / "sample-shop", shop.root / "ops" / "sample-shop")

    loaded = shop.console("shop:load-sample")
    queued = shop.console(ENQUEUE, "--format=json")
    processed = shop.console(PROCESS, "--stop-when-empty")

    assert "4 article images" in loaded.stdout
    assert json.loads(queued.stdout)["items"] == {
        "images": 4,
        "batches": 1,
        "rejected": 1,
        "repeated": 0,
    }
    assert processed.returncode == 0, processed.stderr
    assert [(row[0], row[1], row[3], row[6:8]) for row in shop.rows()] == [
        ("FE0056", "fe0056-camera.jpg", "done", (640, 480)),
        ("FE0056", "fe0056-front.png", "done", (480, 480)),
        ("FE0057", "fe0057-front.png", "done", (480, 480)),
        ("FE0057", "not-a-picture.jpg", "failed", (None, None)),
    ]
    assert len(shop.shown()) == 9
