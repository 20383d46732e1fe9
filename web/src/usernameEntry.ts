/** Entry `account-tracking/username`: what a form needs, without Firestore and React. */

export { ACCOUNT_TYPES, type AccountType, MAX_USERNAME_LENGTH, PLATFORM_LABELS, PLATFORMS, type Platform } from './job';
export { accountKey, checkUsername, platformOf, usernameOf } from './username';
