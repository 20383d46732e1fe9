"""A stage to deploy to, and the error that ends a deployment."""

from __future__ import annotations

from cli import samconfig


class DeployError(Exception):
    """The deployment stopped. The message says at what, and what to do."""


class Stage(samconfig.Config):
    """A stage whose Firebase project is known. `parameters` differ from the template's defaults."""

    @property
    def project(self) -> str:
        """The Firebase project."""
        return self.parameters["GoogleCloudProject"]

    @property
    def database(self) -> str:
        """The Firestore database."""
        return self.parameters.get("FirestoreDatabase", "(default)")


def read_stage(name: str) -> Stage:
    """Return a stage of samconfig.toml. LocalError if it is not there, DeployError if it names no Firebase project."""
    config = samconfig.read(name)
    if not config.parameters.get("GoogleCloudProject"):
        raise DeployError(
            f'{samconfig.FILE.name} names no Firebase project for {name}: add "GoogleCloudProject=YOUR_PROJECT" to the'
            f" parameter_overrides in [{name}.deploy.parameters]."
        )
    return Stage(name, config.stack_name, config.region, config.parameters, config.profile)
