"""What all widgets share: life and death, links made in the browser, threads, ordered frames."""
