LESSONS: list = []
