"""What photographs a product may be taught from, and what is said about those that it may not."""

import json

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image

from cameras.render import FAMILIES
from models.example import ShownDefect, ShownUnit
from models.example_files import ANOMALY, write_examples
from tuning.errors import TuningError
from tuning.teach.pictures import _unspeakable, open_photographs
from tuning.teach.twins import halves

EDGE = 48


def picture(seed: int, *, edge: int = EDGE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (edge, edge, 3)).astype(np.uint8)


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)
    return path


@pytest.fixture
def good(tmp_path):
    for seed in range(12):
        write(tmp_path / "good" / f"{seed:02d}.png", picture(seed))
    return tmp_path / "good"


@pytest.fixture
def bad(tmp_path):
    for seed in range(5):
        write(tmp_path / "bad" / "Burnt_edge" / f"{seed}.png", picture(100 + seed))
    return tmp_path / "bad"


def test_folders_name_the_defects(good, bad):
    taken = open_photographs(good, bad)

    assert len(taken.good) == 12
    assert [photo.defects for photo in taken.bad] == [("burnt edge",)] * 5
    assert taken.defects == ("burnt edge", ANOMALY)


def test_good_units_alone_are_enough(good):
    taken = open_photographs(good, None)

    assert taken.bad == ()
    assert taken.defects == (ANOMALY,)


def test_fewer_good_pictures_than_are_asked_for_are_told(good, bad, tmp_path):
    (told,) = (remark for remark in open_photographs(good, bad).remarks if "good pictures" in remark)
    for seed in range(20, 28):
        write(tmp_path / "good" / f"{seed}.png", picture(seed))

    assert told.startswith("12 good pictures: what is usual is hardly known from so few, 20 to 100")
    assert not any("good pictures" in remark for remark in open_photographs(good, bad).remarks)


def test_a_mask_beside_a_picture_marks_its_defect(good, bad):
    mask = np.zeros((EDGE, EDGE), np.uint8)
    mask[10:20, 5:9] = 255
    write(bad / "Burnt_edge" / "0_mask.png", mask)

    marked = [photo.masks for photo in open_photographs(good, bad).bad if photo.masks is not None]

    assert [int(masks.sum()) for masks in marked] == [40]


def test_boxes_of_a_manifest_mark_a_defect(good, bad):
    line = {"image": "Burnt_edge/0.png", "defect": "hole", "boxes": [[2, 3, 6, 5]]}
    (bad / "bad.jsonl").write_text(json.dumps(line) + "\n")

    (photo,) = open_photographs(good, bad / "bad.jsonl").bad

    assert photo.masks is not None
    assert int(photo.masks.sum()) == 8


def test_a_picture_with_two_defects_has_a_line_of_the_manifest_for_each(good, bad):
    lines = [
        {"image": f"Burnt_edge/{n}.png", "defect": defect, "boxes": [box]}
        for n in range(4)
        for defect, box in (("hole", [2, 3, 6, 5]), ("burr", [20, 20, 30, 21]))
    ]
    (bad / "bad.jsonl").write_text("\n".join(json.dumps(line) for line in lines))

    taken = open_photographs(good, bad / "bad.jsonl")

    assert taken.defects == ("burr", "hole", ANOMALY)
    assert [photo.defects for photo in taken.bad] == [("burr", "hole")] * 4
    masks = [photo.masks for photo in taken.bad if photo.masks is not None]
    assert [own.sum((1, 2)).tolist() for own in masks] == [[10, 8]] * 4


@pytest.fixture
def examples(tmp_path):
    """Twelve good units, four with a dent, four with a dent and a burr, as `inspector examples` writes them."""

    def defect(name, x):
        mask = np.zeros((6, 10), np.uint8)
        mask[2:4] = 255
        box = (x, 8, x + 10, 14)
        return ShownDefect(name, "rim", box, mask, {"mm": 1.0, "mm2": 0.2, "%": 0.1}, 10.0, True, False)

    dent, burr = defect("dent", 20), defect("burr", 4)
    wrong = [()] * 12 + [(dent,)] * 4 + [(dent, burr)] * 4
    units = [ShownUnit(f"{i}", picture(300 + i), 0.1, 20.0, found, {}) for i, found in enumerate(wrong)]
    write_examples(tmp_path / "examples", units)
    return tmp_path / "examples"


def test_a_folder_of_examples_teaches_its_units_each_kind_of_defect_at_its_own_place(examples):
    taken = open_photographs(examples, examples)

    assert len(taken.good) == 12
    assert [photo.defects for photo in taken.bad] == [("dent",)] * 4 + [("burr", "dent")] * 4
    masks = [photo.masks for photo in taken.bad if photo.masks is not None]
    assert [masks.sum((1, 2)).tolist() for masks in masks] == [[20]] * 4 + [[20, 20]] * 4
    assert all(dent[-1][10:12, 20:30].all() for dent in masks)
    assert all(burr[0][10:12, 4:14].all() for burr in masks[4:])


def test_pictures_of_one_unit_in_a_folder_of_examples_are_never_split(examples):
    lines = [json.loads(line) for line in (examples / "examples.jsonl").read_text().splitlines()]
    named = [line | {"groups": {"unit": str(number // 2)}} for number, line in enumerate(lines)]
    (examples / "examples.jsonl").write_text("\n".join(map(json.dumps, named)))

    taken = open_photographs(examples, examples)

    groups = [photo.group for photo in taken.good]
    assert groups[::2] == groups[1::2]
    assert len(set(groups)) == 6


def test_kinds_of_too_few_pictures_are_one_anomaly_with_all_that_is_marked_of_them(examples):
    lines = (examples / "examples.jsonl").read_text().splitlines()
    lines[12:] = [*lines[12:16], lines[16].replace('"dent"', '"tear"')]  # one picture with a burr and a tear
    (examples / "examples.jsonl").write_text("\n".join(lines))

    taken = open_photographs(examples, examples)

    assert taken.defects == ("dent", ANOMALY)
    (rare,) = [photo for photo in taken.bad if photo.defects == (ANOMALY,)]
    assert rare.masks is not None
    assert rare.masks.sum((1, 2)).tolist() == [40]


def test_examples_called_too_faint_are_left_out_with_a_remark(examples):
    lines = (examples / "examples.jsonl").read_text().splitlines()
    lines[12] = lines[12].replace('"specified":true', '"specified":false')
    (examples / "examples.jsonl").write_text("\n".join(lines))

    taken = open_photographs(examples, examples)

    assert len(taken.bad) == 7
    assert "1 pictures with a defect that is called too small or faint were left out" in "\n".join(taken.remarks)


def test_a_unit_with_one_kind_that_is_called_too_faint_is_left_out_whole(examples):
    lines = (examples / "examples.jsonl").read_text().splitlines()
    seen, faint = lines[16].rsplit('"specified":true', 1)
    lines[16] = f'{seen}"specified":false{faint}'
    (examples / "examples.jsonl").write_text("\n".join(lines))

    assert len(open_photographs(examples, examples).bad) == 7


def test_two_spellings_of_a_kind_are_one_in_whatever_order(good, bad):
    names = (("Dent", "burr"), ("burr", "dent"), ("BURR", "dent"), ("dent", "Burr"))
    lines = [
        {"image": f"Burnt_edge/{n}.png", "defect": defect, "boxes": [[2, 3, 6, 5]]}
        for n, both in enumerate(names)
        for defect in both
    ]
    (bad / "bad.jsonl").write_text("\n".join(json.dumps(line) for line in lines))

    assert {photo.defects for photo in open_photographs(good, bad / "bad.jsonl").bad} == {("burr", "dent")}


def test_a_mask_of_examples_that_marks_nothing_is_refused(examples):
    write(examples / "unit-00013-mask-1.png", np.zeros((6, 10), np.uint8))

    with pytest.raises(TuningError, match=r"unit-00013-mask-1\.png: 10 x 6 px, 0 of them marked"):
        open_photographs(examples, examples)


def test_bad_examples_without_a_defect_are_refused(examples):
    lines = (examples / "examples.jsonl").read_text().splitlines()[:12]
    (examples / "examples.jsonl").write_text("\n".join(lines))

    with pytest.raises(TuningError, match="no unit has a defect"):
        open_photographs(examples, examples)


def test_units_that_always_lie_alike_are_no_twins(tmp_path):
    usual = picture(0).astype(int)
    for seed in range(12):
        noise = np.random.default_rng(seed).normal(0, 1.2, usual.shape)
        write(tmp_path / "good" / f"{seed:02d}.png", np.clip(usual + noise, 0, 255).astype(np.uint8))

    assert sorted(halves(open_photographs(tmp_path / "good", None).good)) == [0] * 6 + [1] * 6


def test_one_unit_photographed_again_and_again_is_refused(tmp_path):
    for seed in range(12):
        shown = picture(0 if seed < 9 else seed)
        shown[0, 0] = seed  # no two files are the same
        write(tmp_path / "good" / f"{seed:02d}.png", shown)

    with pytest.raises(TuningError, match="9 of the 12 good pictures are of one group or show one unit again"):
        open_photographs(tmp_path / "good", None)


def test_examples_without_a_picture_are_refused_with_their_line(examples):
    (examples / "unit-00003.png").unlink()

    with pytest.raises(TuningError, match=r"examples\.jsonl:3: image: unit-00003\.png is not there"):
        open_photographs(examples, None)


def test_three_good_pictures_are_too_few(tmp_path):
    for seed in range(3):
        write(tmp_path / f"{seed}.png", picture(seed))

    with pytest.raises(TuningError, match="3 good pictures, at least 10 are needed"):
        open_photographs(tmp_path, None)


def test_the_same_picture_called_good_and_bad_is_refused(good, bad):
    write(bad / "Burnt_edge" / "again.png", picture(3))

    with pytest.raises(TuningError, match=r"03\.png and .*again\.png: the same picture is called good and burnt edge"):
        open_photographs(good, bad)


def test_every_problem_is_listed_at_once(good, bad):
    (good / "cut.png").write_bytes((good / "00.png").read_bytes()[:60])
    (good / "empty.jpg").write_bytes(b"")
    write(good / "deep.png", np.zeros((EDGE, EDGE), np.uint16))

    with pytest.raises(TuningError) as refused:
        open_photographs(good, bad)

    for name in ("cut.png", "empty.jpg", "deep.png: uint16"):
        assert name in str(refused.value)
    assert str(refused.value).endswith("Nothing was taught.")


def test_a_wrong_path_in_a_manifest_is_named_with_its_line(good, bad):
    (bad / "bad.jsonl").write_text('{"image": "Burnt_edge/0.png"}\n{"image": "lost.png"}\n')

    with pytest.raises(TuningError, match=r"bad\.jsonl:2: image: lost\.png is not there"):
        open_photographs(good, bad / "bad.jsonl")


def test_a_field_that_nobody_knows_is_named_with_its_line(good, bad):
    (bad / "bad.jsonl").write_text('{"image": "Burnt_edge/0.png", "colour": "red"}\n')

    with pytest.raises(TuningError, match=r"bad\.jsonl:1: colour"):
        open_photographs(good, bad / "bad.jsonl")


def test_a_box_outside_its_picture_is_refused(good, bad):
    (bad / "bad.jsonl").write_text('{"image": "Burnt_edge/0.png", "boxes": [[40, 40, 60, 45]]}\n')

    with pytest.raises(TuningError, match=r"box \[40, 40, 60, 45\] does not lie in the picture of 48 x 48 px"):
        open_photographs(good, bad / "bad.jsonl")


def test_a_mask_of_two_pictures_of_one_name_is_refused(good, bad):
    folder = bad / "Burnt_edge"
    write(folder / "0_mask.png", np.full((EDGE, EDGE), 255, np.uint8))
    write(folder / "0.jpg", picture(900))

    with pytest.raises(TuningError, match=r"0_mask\.png: several pictures are called so"):
        open_photographs(good, bad)


def test_a_mask_of_another_size_is_refused(good, bad):
    write(bad / "Burnt_edge" / "0_mask.png", np.full((10, 10), 255, np.uint8))

    with pytest.raises(TuningError, match=r"0_mask\.png: 10 x 10 px"):
        open_photographs(good, bad)


def test_a_defect_of_too_few_pictures_is_taught_without_its_name(good, bad):
    for seed in range(2):
        write(bad / "rare" / f"{seed}.png", picture(200 + seed))

    taken = open_photographs(good, bad)

    assert taken.defects == ("burnt edge", ANOMALY)
    assert sum(photo.defects == (ANOMALY,) for photo in taken.bad) == 2
    assert any("rare: 2 pictures are too few" in remark for remark in taken.remarks)


def test_twins_are_never_on_both_sides(good, bad):
    once = cv2.GaussianBlur(picture(7), (0, 0), 2)
    for number in range(4):
        write(good / f"twin{number}.png", once + np.uint8(number % 2))

    photos = open_photographs(good, bad).all
    sides = halves(photos)

    twins = {side for photo, side in zip(photos, sides, strict=True) if "twin" in photo.name}
    assert len(twins) == 1
    assert {0, 1} == {side for photo, side in zip(photos, sides, strict=True) if not photo.is_bad}


def test_a_group_of_a_manifest_is_never_split(good, bad):
    lines = [{"image": f"Burnt_edge/{n}.png", "defect": "burnt", "group": "video 1"} for n in range(4)]
    (bad / "bad.jsonl").write_text("\n".join(json.dumps(line) for line in lines))

    taken = open_photographs(good, bad / "bad.jsonl")

    assert len({photo.group for photo in taken.bad}) == 1


def test_grey_pictures_are_taken_as_grey_cameras_deliver_them(good, bad):
    write(good / "grey.png", picture(50)[..., 0])

    photo = next(p for p in open_photographs(good, bad).good if p.name.endswith("grey.png"))

    assert photo.pixels().shape == (EDGE, EDGE, 3)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("9_mask.png", "no picture that this mask belongs to"),
        ("0_Mask.tif", "0_Mask.tif: 10 x 10 px"),
        ("../../good/00_mask.png", "a mask among the good pictures"),
    ],
)
def test_a_mask_is_never_passed_over(good, bad, name, says):
    write(bad / "Burnt_edge" / name, np.full((10, 10), 255, np.uint8))

    with pytest.raises(TuningError, match=says):
        open_photographs(good, bad)


def test_a_mask_in_two_colours_is_refused_as_one_of_them_would_teach_as_good(good, bad):
    mask = np.zeros((EDGE, EDGE, 3), np.uint8)
    mask[10:20, 5:9] = (0, 255, 0)
    mask[30:40, 5:25] = (0, 0, 255)
    write(bad / "Burnt_edge" / "0_mask.png", mask)

    with pytest.raises(TuningError, match=r"0_mask\.png: most of what is marked .* is neither black nor white"):
        open_photographs(good, bad)


def test_a_mask_that_marks_nearly_everything_is_refused(good, bad):
    mask = np.full((EDGE, EDGE), 255, np.uint8)
    mask[10:14, 10:14] = 0
    write(bad / "Burnt_edge" / "0_mask.png", mask)

    with pytest.raises(TuningError, match=r"0_mask\.png: .* is white where the defect is"):
        open_photographs(good, bad)


def test_a_picture_that_is_stored_turned_is_refused(good, bad):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 3
    Image.fromarray(picture(70)).save(bad / "Burnt_edge" / "turned.jpg", exif=exif)

    with pytest.raises(TuningError, match=r"turned\.jpg: is stored turned \(EXIF orientation 3\)"):
        open_photographs(good, bad)


def test_a_file_of_several_pictures_is_refused(good, bad):
    assert cv2.imwritemulti(str(good / "pages.tif"), [picture(60), picture(61)])

    with pytest.raises(TuningError, match=r"pages\.tif: holds several pictures"):
        open_photographs(good, bad)


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ("", "bad.jsonl: no picture"),
        ("image,defect\na.png,chip\n", "bad.jsonl:1: is no JSON object"),
        ('{"image": "Burnt_edge/0.png"}\n{"image": "Burnt_edge/0.png"}\n', "bad.jsonl:2: .* stands on line 1 too"),
        (
            '{"image": "Burnt_edge/0.png"}\n' + 2 * '{"image": "Burnt_edge/0.png", "defect": "hole"}\n',
            "bad.jsonl:3: .* stands on line 2 too",
        ),
        (
            '{"image": "Burnt_edge/0.png", "boxes": [[1, 1, 5, 5]]}\n{"image": "Burnt_edge/0.png", "defect": "hole"}\n',
            "bad.jsonl:2: .* is marked here or on line 1 only. Mark each defect",
        ),
        (
            '{"image": "Burnt_edge/0.png", "group": "a"}\n{"image": "Burnt_edge/0.png", "defect": "hole"}\n',
            "bad.jsonl:2: group: .* is in another one on line 1",
        ),
    ],
)
def test_a_manifest_that_would_teach_something_else_is_refused(good, bad, manifest, says):
    (bad / "bad.jsonl").write_text(manifest)

    with pytest.raises(TuningError, match=says):
        open_photographs(good, bad / "bad.jsonl")


def test_a_manifest_that_windows_wrote_is_read(good, bad):
    lines = [json.dumps({"image": f"Burnt_edge/{n}.png", "defect": "burnt"}) for n in range(4)]
    (bad / "bad.jsonl").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())

    assert len(open_photographs(good, bad / "bad.jsonl").bad) == 4


@pytest.mark.parametrize(
    ("path", "says"), [("good/0.png", "do not teach a defect"), ("Burnt_edge/lot2/0.png", "lies two folders deep")]
)
def test_a_folder_that_would_be_misunderstood_is_refused(good, bad, path, says):
    write(bad / path, picture(300))

    with pytest.raises(TuningError, match=says):
        open_photographs(good, bad)


def test_files_that_are_no_pictures_are_left_out_with_a_remark(good, bad):
    (bad / "Burnt_edge" / "5.webp").write_bytes(b"RIFF")
    (bad / ".cache").mkdir()

    taken = open_photographs(good, bad)

    assert taken.defects == ("burnt edge", ANOMALY)
    assert any("5.webp" in remark for remark in taken.remarks)


@pytest.mark.parametrize(
    "name", ["spot on product", "spot not product", "count of dents", "product", "5 mm chip", "a=b", "any", "major"]
)
def test_a_defect_whose_name_the_notes_cannot_hold_is_refused(good, tmp_path, name):
    for seed in range(5):
        write(tmp_path / "bad" / name / f"{seed}.png", picture(400 + seed))

    with pytest.raises(TuningError, match=f"{name}: a defect cannot be called so"):
        open_photographs(good, tmp_path / "bad")


@pytest.mark.parametrize("name", ["spot on cap", "cap not seated", "on edge", "not ok"])
def test_a_name_that_says_a_place_which_the_package_does_not_know_is_taken(good, tmp_path, name):
    for seed in range(5):
        write(tmp_path / "bad" / name / f"{seed}.png", picture(400 + seed))

    assert open_photographs(good, tmp_path / "bad").defects == (name, ANOMALY)


def test_every_defect_that_is_drawn_can_be_taught_by_its_name():
    names = {name for family in FAMILIES.values() for name in family.classes}

    assert _unspeakable(names) == []
