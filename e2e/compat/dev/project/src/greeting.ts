/** What the tests change while a session runs. */
export const greeting = "Hello";
