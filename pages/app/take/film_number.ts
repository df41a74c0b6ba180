// Numbers by which the page and the worker speak of a film.

let films = 0;

/** One that no other film has. */
export function newFilm(): number {
  return films++;
}
