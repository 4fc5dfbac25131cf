"""Images from a folder and from the web: nothing is reached that should not be."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from domain.images.ports import FolderAway, ImageAbsent, ImageUnfit
from infra.images.addresses import Allowed
from infra.images.sources import ImageSources, SourceFolder
from infra.images.web import WebFetch
from servers.certificate import certificate
from web_site import Answer, Asked, answers, running_site

MINUTE = timedelta(minutes=1)
MOST_BYTES = 5000


# --- the folder ----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "tyres").mkdir(parents=True)
    put(folder / "a.jpg", b"picture")
    put(folder / "tyres" / "b.jpg", b"other")
    put(tmp_path / "secret.jpg", b"secret")
    return folder


def put(file: Path, content: bytes, *, age: float = 3600) -> None:
    file.write_bytes(content)
    then = time.time() - age
    os.utime(file, (then, then))


def no_web(address: str, within: timedelta) -> bytes:
    pytest.fail(f"asked for {address}")


def read(folder: Path, image: str) -> bytes:
    source = SourceFolder(folder, MOST_BYTES, timedelta(seconds=30))
    return ImageSources(source, no_web).read(image, MINUTE)


def test_files_are_read_below_the_folder(folder: Path) -> None:
    assert read(folder, "a.jpg") == b"picture"
    assert read(folder, "tyres/b.jpg") == b"other"


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)

    assert read(tmp_path / "link", "a.jpg") == b"picture"


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("link.jpg", "leads over a link"),
        ("linked/secret.jpg", "leads over a link or through a file"),
        ("inner.jpg", "leads over a link"),
        ("a.jpg/b.jpg", "leads over a link or through a file"),
        ("tyres", "is no regular file"),
        ("pipe.jpg", "is no regular file"),
        ("empty.jpg", "is empty"),
        ("large.jpg", "has 5,001 bytes, allowed are 5,000"),
        ("x" * 300, "longer than any file's"),
    ],
)
def test_what_is_not_to_be_read_is_told(
    folder: Path, tmp_path: Path, image: str, said: str
) -> None:
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "inner.jpg").symlink_to("a.jpg")
    os.mkfifo(folder / "pipe.jpg")
    put(folder / "empty.jpg", b"")
    put(folder / "large.jpg", bytes(MOST_BYTES + 1))

    with pytest.raises(ImageUnfit, match=said):
        read(folder, image)


@pytest.mark.parametrize(
    ("image", "said"), [("none.jpg", "not in the source folder"), ("new.jpg", "being written")]
)
def test_what_may_yet_come_is_tried_again(folder: Path, image: str, said: str) -> None:
    put(folder / "new.jpg", b"pict", age=0)

    with pytest.raises(ImageAbsent, match=said):
        read(folder, image)


def test_a_folder_that_is_not_mounted_is_no_fault_of_the_image(tmp_path: Path) -> None:
    with pytest.raises(FolderAway, match=r"create it or correct images\.source"):
        read(tmp_path / "nowhere", "a.jpg")


# --- the web -------------------------------------------------------------------------------------


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    with running_site() as site:
        yield site


def fetch(
    address: str, *, hosts: tuple[str, ...] = ("127.0.0.1", "localhost"), seconds: float = 5
) -> bytes:
    allowed = Allowed(hosts, private=True)
    return WebFetch(allowed, timedelta(seconds=seconds), MOST_BYTES)(address, MINUTE)


def test_a_picture_is_fetched_with_its_query(site: ThreadingHTTPServer) -> None:
    url = answers(site, a=lambda it: it.say(200, b"picture"))

    assert fetch(f"{url}/a?size=größe&x=%20") == b"picture"
    own: Any = site.RequestHandlerClass
    host = url.removeprefix("http://")
    assert own.asked == [(host, "/a?size=gr%C3%B6%C3%9Fe&x=%20")]


def test_redirects_are_followed_among_the_allowed_hosts(site: ThreadingHTTPServer) -> None:
    elsewhere = f"http://localhost:{site.server_port}/c"
    url = answers(
        site,
        a=lambda it: it.say(302, Location="/b"),
        b=lambda it: it.say(301, Location=elsewhere),
        c=lambda it: it.say(200, b"picture"),
    )

    assert fetch(f"{url}/a") == b"picture"
    with pytest.raises(ImageUnfit, match="host localhost is not among"):
        fetch(f"{url}/a", hosts=("127.0.0.1",))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda it: it.say(404), "answered 404"),
        (lambda it: it.say(403), "answered 403"),
        (lambda it: it.say(204), "answered 204"),
        (lambda it: it.say(206, b"part"), "answered 206"),
        (lambda it: it.say(302), "answered 302"),
        (lambda it: it.say(302, Location="/a"), "redirected more than 5 times"),
        (lambda it: it.say(302, Location="file:///etc/passwd"), "begin with http"),
        (lambda it: it.say(302, Location="ftp://127.0.0.1/a"), "begin with http"),
        (lambda it: it.say(302, Location="http://u:p@127.0.0.1/a"), "a user or a password"),
        (lambda it: it.say(302, Location="http://169.254.169.254/"), "not among source.hosts"),
        (lambda it: it.say(200, bytes(MOST_BYTES + 1)), "has 5,001 bytes"),
        (lambda it: it.say(200, b"x", Content_Encoding="gzip"), "packed"),
    ],
)
def test_what_will_never_be_a_picture_is_refused(
    site: ThreadingHTTPServer, answer: Answer, said: str
) -> None:
    url = answers(site, a=answer)

    with pytest.raises(ImageUnfit, match=said):
        fetch(f"{url}/a")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_host_that_is_busy_is_asked_again_when_it_says(
    site: ThreadingHTTPServer, status: int
) -> None:
    url = answers(site, a=lambda it: it.say(status, Retry_After="120"))

    with pytest.raises(ImageAbsent, match=f"answered {status}") as absent:
        fetch(f"{url}/a")

    assert absent.value.retry_after == timedelta(seconds=120)


def endless(it: Asked) -> None:
    it.send_response(200)
    it.end_headers()
    while True:
        it.wfile.write(bytes(4096))


def short(it: Asked) -> None:
    it.say(200, b"half", Content_Length="4000")


def test_a_body_without_an_end_is_cut_off_at_the_limit(site: ThreadingHTTPServer) -> None:
    url = answers(site, a=endless)

    with pytest.raises(ImageUnfit, match="more than 5,000 bytes"):
        fetch(f"{url}/a")


def test_a_body_that_breaks_off_is_no_picture_yet(site: ThreadingHTTPServer) -> None:
    url = answers(site, a=short)

    with pytest.raises(ImageAbsent, match="broke off 3,996 bytes too early"):
        fetch(f"{url}/a")


DRIPS = {
    "nothing at all": b"",
    "a header without an end": b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 9999,
    "a body": b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + b"x" * 4000,
}


@pytest.mark.parametrize("name", DRIPS)
def test_a_host_that_drips_costs_no_more_than_the_time_for_one_image(name: str) -> None:
    done = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=_drip, args=(server, DRIPS[name], done), daemon=True)
        thread.start()
        began = time.monotonic()

        with pytest.raises(ImageAbsent, match="took longer than allowed"):
            fetch(f"http://127.0.0.1:{server.getsockname()[1]}/a", seconds=0.5)

        assert time.monotonic() - began < 2
        done.set()
        thread.join(5)


def _drip(server: socket.socket, content: bytes, done: threading.Event) -> None:
    connection, _ = server.accept()
    with closing(connection):
        for byte in content:
            if done.wait(0.02):
                return
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                return
        done.wait(10)


def test_a_host_that_is_down_is_asked_again(site: ThreadingHTTPServer) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(ImageAbsent, match="Connection refused"):
        fetch(f"http://127.0.0.1:{port}/a")


@pytest.fixture
def encrypted(site: ThreadingHTTPServer, tmp_path: Path) -> tuple[str, Path]:
    """The site's address by TLS, and who vouches for it."""
    made = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.file, made.key)
    site.socket = context.wrap_socket(site.socket, server_side=True)
    return answers(site, a=lambda it: it.say(200, b"picture")).replace("http:", "https:"), made.file


def test_a_picture_comes_encrypted_from_a_host_that_somebody_vouches_for(
    encrypted: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, authority = encrypted
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))

    assert fetch(f"{address}/a") == b"picture"


def test_a_host_that_nobody_vouches_for_is_not_believed(encrypted: tuple[str, Path]) -> None:
    with pytest.raises(ImageAbsent, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(f"{encrypted[0]}/a")


# --- which addresses may be asked ----------------------------------------------------------------


def found_at(number: str) -> Callable[..., list[tuple[Any, ...]]]:
    family = socket.AF_INET6 if ":" in number else socket.AF_INET
    return lambda _host, port, **_: [(family, socket.SOCK_STREAM, 6, "", (number, port))]


@pytest.mark.parametrize(
    "number",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "100.64.0.1", "::1", "fd00::1"),
        *("::ffff:127.0.0.1", "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1"),  # noqa: S104 - looked up, not bound
    ],
)
def test_a_name_that_leads_into_the_own_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", found_at(number))

    with pytest.raises(ImageUnfit, match="private network"):
        Allowed(("img.example",), private=False).target("http://img.example/a.jpg")


@pytest.mark.parametrize("number", ["169.254.169.254", "0.0.0.0", "fe80::1"])  # noqa: S104 - looked up, not bound
def test_some_are_refused_even_where_private_addresses_are_allowed(
    monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", found_at(number))

    with pytest.raises(ImageUnfit, match="private network"):
        Allowed(("img.example",), private=True).target("http://img.example/a.jpg")


@pytest.mark.parametrize(
    ("host", "allowed", "fits"),
    [
        ("img.example", "img.example", True),
        ("IMG.Example", "img.example", True),
        ("a.img.example", "*.img.example", True),
        ("img.example", "*.img.example", False),
        ("badimg.example", "*.img.example", False),
        ("a.img.example", "img.example", False),
        ("img.example.evil.example", "img.example", False),
        ("bücher.example", "xn--bcher-kva.example", True),
    ],
)
def test_hosts_are_allowed_by_name(
    monkeypatch: pytest.MonkeyPatch, host: str, allowed: str, fits: bool
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", found_at("93.184.216.34"))
    hosts = Allowed((allowed,), private=False)

    if fits:
        assert hosts.target(f"https://{host}/a.jpg").port == 443
    else:
        with pytest.raises(ImageUnfit, match="not among"):
            hosts.target(f"https://{host}/a.jpg")
