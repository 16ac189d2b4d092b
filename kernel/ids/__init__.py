"""Numbers that name people, organisations, licences and rows, as value objects that cannot hold a wrong check digit.

Owns: parsing, check characters, what a number itself tells (birth date, area), display masks, random handles.
Does not own: who has a number, or where numbers are kept.
Standards: GB 32100-2015 (USCC), GB 11643-1999 (resident ID number), GB/T 36904-2018 (licence identifier),
GB/T 36903-2018 Annex A (holder code types), GB/T 17710 (ISO/IEC 7064), RFC 9562 (UUID version 7).
Entry points: `uscc.Uscc.parse`, `resident_id.ResidentId.parse`, `licence_identifier.LicenceIdentifier`,
`holder_codes.parse_holder_number`, `time_ordered.new_id`, `handles.new_handle`.
"""
