"""TLS on all ports, with a token."""

import shutil
import ssl
import subprocess

import numpy as np
import pytest

import alchemist


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server with a certificate of its own, and that certificate's file."""
    if shutil.which("openssl") is None:
        pytest.fail("this test makes its certificate with openssl, which is not there")
    folder = tmp_path_factory.mktemp("tls")
    cert, key, token = folder / "cert.pem", folder / "key.pem", folder / "token"
    token.write_text("a b c\n")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run(["openssl", "req", "-x509", *curve, "-nodes", "-days", "2", *subject, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    with alchemist.LocalServer(2, ["--tls-cert", str(cert), "--tls-key", str(key), "--token-file", str(token)]) as server:
        yield server, str(cert)


@pytest.mark.parametrize("how", ["file", "context"])
def test_matrices_pass(guarded, rng, how):
    server, cert = guarded
    tls = cert if how == "file" else ssl.create_default_context(cafile=cert)
    x = rng.standard_normal((600, 300))
    with alchemist.connect(server.address, 2, token="a b c", tls=tls, buffer_size=65_536) as al:
        A = al.send(x)
        assert np.array_equal(A.numpy(), x) and np.array_equal(A[::2, ::3], x[::2, ::3])
        if how == "file":
            assert np.array_equal(A.remote()[5:9], x[5:9])
        else:
            with pytest.raises(alchemist.ArgumentError, match="ca.pem"):
                A.remote()
    with alchemist.connect(server.address.replace("alchemist:", "alchemists:"), token="a b c", tls=tls) as al:
        assert al.workers == 1


def test_sessions_one_after_another_do_not_read_from_each_other(guarded):
    """A connection that is closed while a thread waits on it must not lend its number to the next one."""
    server, cert = guarded
    for _ in range(60):
        with alchemist.connect(server.address, 0, token="a b c", tls=cert) as al:
            assert al.libraries()


def test_strangers_are_refused(guarded):
    server, cert = guarded
    secure = server.address.replace("alchemist:", "alchemists:")
    with pytest.raises(alchemist.ClosedError, match="self-signed|self signed"):
        alchemist.connect(secure, token="a b c")
    with pytest.raises(alchemist.AuthError):
        alchemist.connect(secure, tls=cert)
    with pytest.raises((alchemist.ClosedError, alchemist.ProtocolError)):
        alchemist.connect(server.address, token="a b c")
    with pytest.raises(alchemist.ArgumentError, match="contradicts"):
        alchemist.connect(secure, tls=False)
    with pytest.raises(alchemist.ClosedError, match="TLS"):
        alchemist.connect(secure, tls="/nowhere/ca.pem")
