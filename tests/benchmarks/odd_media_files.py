"""Media files that are out of the ordinary in one way each, as telephones, editors, downloads and accidents make them.

Run by `odd_media.py`, which says what the command makes of them.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from odd_videos import SIZE, at_25, spoiled, tone, turned, write_tracks
from PIL import Image
from videos import joined, picture_at, remuxed, write_video

SECONDS = 3


@dataclass(frozen=True)
class Odd:
    """One file."""

    name: str
    what: str
    make: Callable[[Path], object]
    """Writes it at a path."""
    words: tuple[str, ...] = ()
    """Options of the command; they may name files before this one."""


def coded(
    path: Path,
    video: str,
    pixels: str,
    audio: str = "aac",
    layout: str = "stereo",
    rate: int = 48_000,
    size: tuple[int, int] = SIZE,
) -> None:
    """Three seconds by other encoders."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream(video, rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = *size, pixels
        sound = container.add_stream(audio, rate=rate, layout=layout)
        for time in at_25(SECONDS):
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(picture_at(time, size)).reformat(format=pixels)))
        container.mux(pictures.encode(None))
        wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(SECONDS * rate) / rate)
        channels = av.AudioLayout(layout).nb_channels
        frame = av.AudioFrame.from_ndarray(np.tile(wave, (channels, 1)).astype(np.float32), "fltp", layout)
        frame.sample_rate = rate
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))


def tracks(
    times: Sequence[float], *sounds: np.ndarray, defaults: Sequence[int] = (), aspect: Fraction = Fraction(1)
) -> Callable[[Path], object]:
    """One track of pictures and some of sound."""
    return lambda path: write_tracks(path, [(SIZE, times)], sounds, defaults, aspect)


def plain(seconds: float = SECONDS, **how: object) -> Callable[[Path], object]:
    """H.264 and AAC."""
    return lambda path: write_video(path, seconds, **how)


def changed(change: Callable[[Path, Path], object], seconds: float = SECONDS) -> Callable[[Path], object]:
    """What is made of an ordinary file of the same kind."""

    def make(path: Path) -> None:
        source = write_video(path.with_name(f"source{path.suffix.replace('m4a', 'mp4')}"), seconds, options={"bf": "0"})
        change(source, path)
        source.unlink()

    return make


def cut(share: float, options: dict[str, str] | None = None) -> Callable[[Path, Path], object]:
    """The first part of the bytes."""

    def change(source: Path, target: Path) -> None:
        with av.open(str(source)) as old, av.open(str(target), "w", options=options or {}) as new:
            copies = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
            for packet in old.demux():
                if packet.dts is not None:
                    packet.stream = copies[packet.stream.index]
                    new.mux(packet)
        content = target.read_bytes()
        target.write_bytes(content[: int(len(content) * share)])

    return change


def hollow(source: Path, target: Path) -> None:
    """Zeros in the middle, as of a download that was allotted and not filled."""
    content = bytearray(source.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = bytes(third)
    target.write_bytes(content)


def two_sizes(path: Path) -> None:
    """Two recordings, one after the other."""
    parts = [write_video(path.with_name(f"{width}.ts"), 2, size=(width, 64)) for width in (96, 128)]
    joined(*parts, path)
    for part in parts:
        part.unlink()


def two_pictures(path: Path) -> None:
    write_tracks(path, [(SIZE, at_25(SECONDS)), ((64, 96), at_25(SECONDS))], [tone(SECONDS)], defaults=(1, 2))


def picture_folder(path: Path) -> None:
    path.mkdir()
    for index, time in enumerate(at_25(SECONDS)[::5]):
        Image.fromarray(picture_at(time, SIZE)).save(path / f"{index}.png")


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("clip.mp4", b"0" * 1000)


def only_sound(source: Path, target: Path) -> None:
    with av.open(str(source)) as old, av.open(str(target), "w", format="mp4") as new:
        copy = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux(audio=0):
            if packet.dts is not None:
                packet.stream = copy
                new.mux(packet)


def with_a_gap() -> np.ndarray:
    """A second of silence between two of sound."""
    return np.concatenate([tone(1), 0 * tone(1), tone(1)], axis=1)


def uneven() -> list[float]:
    """Times of frames as a telephone writes them: from 8 to 30 a second."""
    steps = np.random.default_rng(0).uniform(1 / 30, 1 / 8, 200).cumsum()
    return [0.0, *(round(float(time), 3) for time in steps if time < SECONDS)]


def odd_files() -> Iterator[Odd]:
    """All of them."""
    yield from _containers()
    yield from _orientations()
    yield from _tracks()
    yield from _damage()
    yield from _clocks()
    yield from _pixels()
    yield from _sounds()
    yield from _names()
    yield from _no_videos()


def _containers() -> Iterator[Odd]:
    yield Odd("plain.mp4", "H.264 and AAC, nothing odd", plain())
    yield Odd("plain.mkv", "the same in Matroska", plain())
    yield Odd("plain.mov", "ProRes and 24-bit PCM", lambda p: coded(p, "prores_ks", "yuv422p10le", "pcm_s24le"))
    yield Odd("web.webm", "VP9 and Opus", lambda p: coded(p, "libvpx-vp9", "yuv420p", "libopus"))
    yield Odd("av1.mp4", "AV1", lambda p: coded(p, "libsvtav1", "yuv420p"))
    yield Odd("hevc.mp4", "HEVC, 10 bits", lambda p: coded(p, "libx265", "yuv420p10le"))
    yield Odd("old.avi", "MPEG-4 and MP3", lambda p: coded(p, "mpeg4", "yuv420p", "libmp3lame"))
    yield Odd("broadcast.mpg", "MPEG-2 and MP2", lambda p: coded(p, "mpeg2video", "yuv420p", "mp2"))
    yield Odd("stream.ts", "a transport stream", plain())


def _orientations() -> Iterator[Odd]:
    for degrees in (90, 180, 270):
        yield Odd(f"turned {degrees}.mp4", f"to be turned by {degrees} degrees", plain(rotation=degrees))
    for degrees, mirrored, what in (
        (0, True, "to be mirrored"),
        (90, True, "to be turned by 90 degrees and mirrored"),
        (89.5, False, "to be turned by 89.5 degrees"),
        (45, False, "to be turned by 45 degrees"),
    ):
        name = f"turned {degrees}{' mirrored' if mirrored else ''}.mov"
        yield Odd(name, what, changed(lambda old, new, d=degrees, m=mirrored: turned(old, new, d, m)))


def _tracks() -> Iterator[Odd]:
    times, other = at_25(SECONDS), tone(SECONDS, 880)
    second = tracks(times, tone(SECONDS), other, defaults=(0, 2))
    yield Odd("two sounds.mkv", "two tracks of sound, the second one is the default", second)
    yield Odd("two sounds chosen.mkv", "the same, asked for the first", second, ("--audio-track", "1"))
    yield Odd("two sounds unmarked.mkv", "two tracks of sound, neither is marked", tracks(times, tone(SECONDS), other))
    yield Odd("silent default.mkv", "two tracks, the default one is silent", tracks(times, 0 * other, other))
    yield Odd("two pictures.mkv", "two tracks of pictures, the second one is the default", two_pictures)


def _damage() -> Iterator[Odd]:
    for name, what, *how in (
        ("some pictures lost.mkv", "every 20th packet of pictures is noise", "video", 20),
        ("many pictures lost.mkv", "every 2nd packet of pictures is noise", "video", 2),
        ("some sound lost.mkv", "every 10th packet of sound is noise", "audio", 10),
        ("much sound lost.mkv", "every 2nd packet of sound is noise", "audio", 2),
        ("begins damaged.mkv", "the first 10 packets of pictures are noise", "video", 1, 10),
    ):
        yield Odd(name, what, changed(lambda old, new, how=how: spoiled(old, new, *how)))
    yield Odd("hollow.mkv", "zeros in the middle third", changed(hollow))
    yield Odd("cut.mp4", "the first half of the bytes, index lost", changed(cut(0.5)))
    yield Odd("cut.mkv", "the first half of the bytes", changed(cut(0.5)))
    faststart = cut(0.4, {"movflags": "faststart"})
    yield Odd("states more.mp4", "states 6 s and holds some 2", changed(faststart, 6))
    yield Odd("cut.ts", "the first 70 % of the bytes", changed(cut(0.7)))


def _clocks() -> Iterator[Odd]:
    yield Odd("sound ends early.mkv", "3 s of pictures, 1.5 s of sound", tracks(at_25(SECONDS), tone(1.5)))
    yield Odd("pictures end early.mkv", "2 s of pictures, 5 s of sound", tracks(at_25(2), tone(5)))
    yield Odd("song.mkv", "one picture with 20 s of sound", tracks([0], tone(20)))
    yield Odd("slides.mkv", "three slides in 6 s", tracks([0, 2, 4], tone(6)))
    yield Odd("uneven.mkv", "from 8 to 30 frames a second", tracks(uneven(), tone(SECONDS)))
    yield Odd("fast.mp4", "120 frames a second", plain(rate=120))
    yield Odd("slow.mp4", "2 frames a second", plain(rate=2))
    yield Odd("short.mp4", "0.8 s", plain(0.8))
    yield Odd("one second.mp4", "exactly 1 s", plain(1))
    late = changed(lambda old, new: remuxed(old, new, ("audio",), by=1))
    yield Odd("late sound.mkv", "the sound begins 1 s later", late)
    shifted = changed(lambda old, new: remuxed(old, new, by=3600))
    yield Odd("shifted.ts", "the clock begins at an hour", shifted)
    leaping = changed(lambda old, new: remuxed(old, new, ("video",), at=2, by=3600))
    yield Odd("leaping.mp4", "the clock of the pictures leaps by an hour", leaping)
    yield Odd("two halves.ts", "two recordings after each other, the clock begins anew", changed(_twice))


def _twice(source: Path, target: Path) -> None:
    joined(source, source, target)


def _pixels() -> Iterator[Odd]:
    shape = "pixels of 4:3"
    yield Odd("anamorphic.mkv", shape, tracks(at_25(SECONDS), tone(SECONDS), aspect=Fraction(4, 3)))
    yield Odd("absurd.mkv", "pixels of 100:1", tracks(at_25(SECONDS), tone(SECONDS), aspect=Fraction(100)))
    yield Odd("grey 16 bit.mkv", "grey of 16 bits, FFV1", lambda p: coded(p, "ffv1", "gray16le", "pcm_s16le"))
    yield Odd("colour 16 bit.mkv", "colour of 16 bits, FFV1", lambda p: coded(p, "ffv1", "gbrp16le", "pcm_s16le"))
    yield Odd("transparent.mov", "with transparency", lambda p: coded(p, "qtrle", "argb", "pcm_s16le"))
    yield Odd("tiny.mkv", "16 x 16 pixels", plain(size=(16, 16)))
    yield Odd("odd size.mkv", "97 x 63 pixels", lambda p: coded(p, "ffv1", "yuv444p", "pcm_s16le", size=(97, 63)))
    huge = "8192 x 8192 pixels, a single picture"
    yield Odd("huge.mkv", huge, lambda p: write_tracks(p, [((8192, 8192), [0])], [tone(SECONDS)]))
    yield Odd("two sizes.ts", "the pictures change their size", two_sizes)


def _sounds() -> Iterator[Odd]:
    times, whole = at_25(SECONDS), tone(SECONDS)
    yield Odd("sound.wav", "sound alone", lambda p: write_tracks(p, [], [tone(SECONDS)]))
    yield Odd("silent.mkv", "a track of silence", tracks(times, 0 * whole))
    yield Odd("silent second.mkv", "the second in the middle is silent", tracks(times, with_a_gap()))
    yield Odd("cancelling.mkv", "channels that cancel each other out", tracks(times, tone(SECONDS, sides=(1, -1))))
    yield Odd("mute.mp4", "no sound", plain(sound_rate=None))
    yield Odd("mute with sound.mp4", "no sound, a wav beside it", plain(sound_rate=None), ("--sound", "sound.wav"))
    yield Odd("telephone.mkv", "8 kHz, one channel", lambda p: coded(p, "libx264", "yuv420p", "aac", "mono", 8000))
    yield Odd("cinema.mkv", "5.1 channels, AC-3", lambda p: coded(p, "libx264", "yuv420p", "ac3", "5.1(side)"))
    yield Odd("studio.mkv", "96 kHz, 24 bits", lambda p: coded(p, "libx264", "yuv420p", "pcm_s24le", rate=96_000))
    yield Odd("eight bits.avi", "sound of 8 bits", lambda p: coded(p, "mpeg4", "yuv420p", "pcm_u8"))


def _names() -> Iterator[Odd]:
    yield Odd(os.fsdecode(b"caf\xe9.mp4"), "a name that is no UTF-8", plain())
    yield Odd("-clip.mp4", "a name that begins with a hyphen", plain())
    yield Odd("./-dash.mp4", "the same, given as a path", plain())
    yield Odd("two\nlines.mp4", "a name with a line break", plain())
    yield Odd("100 %d [red].mp4", "a name with %, a place of a number and brackets", plain())
    yield Odd("no suffix", "no suffix", lambda p: write_video(p.with_name("s.mp4"), SECONDS).rename(p))
    yield Odd("video.txt", "a video called text", lambda p: write_video(p.with_name("v.mp4"), SECONDS).rename(p))
    yield Odd("link.mp4", "a link to a video", lambda p: p.symlink_to("plain.mp4"))


def _no_videos() -> Iterator[Odd]:
    yield Odd("absent.mp4", "not there", lambda _: None)
    yield Odd("empty.mp4", "no bytes", lambda p: p.touch())
    yield Odd("text.mp4", "text called a video", lambda p: p.write_text("no video\n" * 100))
    yield Odd("page.mp4", "a web page called a video", lambda p: p.write_text("<!doctype html><html></html>\n"))
    yield Odd("archive.mp4", "a zip archive called a video", zipped)
    yield Odd("noise.mp4", "random bytes", lambda p: p.write_bytes(np.random.default_rng(0).bytes(20_000)))
    yield Odd("photo.jpg", "a picture", lambda p: Image.fromarray(picture_at(0, SIZE)).save(p))
    yield Odd("song.m4a", "sound alone, AAC", changed(only_sound))
    yield Odd("folder.mp4", "a folder called a video", lambda p: p.mkdir())
    yield Odd("frames", "a folder of pictures", picture_folder)
    told = ("--sound", "sound.wav", "--frame-rate", "5")
    yield Odd("frames told", "the same, with rate and sound", picture_folder, told)
    yield Odd("pipe.mp4", "a named pipe", lambda p: os.mkfifo(p))
    yield Odd("nowhere.mp4", "a link to nowhere", lambda p: p.symlink_to("gone.mp4"))
