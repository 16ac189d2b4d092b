"""DER is written strictly and what was written is read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto.der import extensions as ext
from kernel.crypto.der import reader, writer

OIDS = st.tuples(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**70), max_size=5).map(tuple)).map(
    lambda parts: ".".join(map(str, (parts[0], parts[1], *parts[2])))
)


@given(st.integers(-(2**200), 2**200))
def test_integers_come_back(value):
    assert reader.integer(reader.read_element(writer.integer(value))) == value


@given(OIDS)
def test_object_identifiers_come_back(dotted):
    if len(writer.oid(dotted)) <= 66:
        assert reader.oid(reader.read_element(writer.oid(dotted))) == dotted


@given(st.binary(max_size=70_000))
def test_any_length_comes_back_with_its_bytes(content):
    encoded = writer.octets(content)
    element = reader.read_element(encoded)
    assert (element.content, element.encoded) == (content, encoded)


@given(st.sets(st.integers(0, 8)))
def test_named_bits_come_back(bits):
    assert reader.named_bits(reader.read_element(writer.named_bits(bits))) == bits


@pytest.mark.parametrize(
    ("encoded", "value"),
    [("020100", 0), ("02017f", 127), ("02020080", 128), ("0201ff", -1), ("02020100", 256)],
)
def test_integers_are_written_the_shortest_way(encoded, value):
    assert writer.integer(value).hex() == encoded


def test_key_usage_is_written_as_openssl_writes_it():
    """digitalSignature and nonRepudiation: two bits of one octet, six unused."""
    assert ext.key_usage({"digital_signature", "non_repudiation"}).value.hex() == "030206c0"


@given(st.binary(max_size=100))
def test_garbage_is_a_value_error_or_an_element(data):
    try:
        element = reader.read_element(data)
    except ValueError:
        return
    assert element.encoded == data


@given(st.binary(max_size=60))
def test_extension_readers_raise_value_errors_alone(data):
    readers = (
        ext.read_basic_constraints,
        ext.read_key_usage,
        ext.read_extended_key_usage,
        ext.read_subject_key_identifier,
        ext.read_authority_key_identifier,
        ext.read_crl_urls,
    )
    for read in readers:
        try:
            read(data)
        except ValueError:
            continue


@pytest.mark.parametrize("dotted", ["3.1", "1.40", "0.-1", "1", "", "1.2.-3", "a.b"])
def test_bad_object_identifiers_are_not_written(dotted):
    with pytest.raises(ValueError):
        writer.oid(dotted)


@pytest.mark.parametrize("data", ["", "30", "3001", "3080", "308500000000010100", "1f8100", "0500ff"])
def test_broken_elements_are_refused(data):
    with pytest.raises(ValueError):
        reader.read_element(bytes.fromhex(data))
