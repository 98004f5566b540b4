// Arguments as a shell takes them, for commands that people are told to type.
// What needs no quotes has none.

/** An argument of a command line: of a POSIX shell, or on Windows of cmd and PowerShell, where no path has a double quote. */
export function quoted(argument: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === "win32") return /^[\w@+=:./\\-]+$/.test(argument) ? argument : `"${argument}"`;
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
