"""The directory of persons as federation sees it: enough to let a newcomer in, and no more."""

from idp.persons.service import PersonService
from kernel.errors import NotFound


class PersonDirectory:
    """Implements `federation.base.PersonDirectory` over `PersonService`."""

    def __init__(self, persons: PersonService) -> None:
        self._persons = persons

    async def create_person(self, display_name: str, locale: str) -> str:
        """Enter a person who came by another provider; gives their id."""
        return (await self._persons.create_unnamed(display_name, locale)).id

    async def exists(self, person_id: str) -> bool:
        """Whether there is a person of this id."""
        try:
            await self._persons.load(person_id)
        except NotFound:
            return False
        return True

    async def has_password(self, person_id: str) -> bool:
        """Whether they can still sign in when no external account is left."""
        return await self._persons.has_password(person_id)
